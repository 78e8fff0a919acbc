import { z } from 'zod';
import { type AlertRule } from '../domain/alert-rule.js';
import { InvalidConditionError, parseCondition } from '../domain/condition.js';

const condition = z.string().transform((text, context) => {
  try {
    return parseCondition(text);
  } catch (error) {
    if (!(error instanceof InvalidConditionError)) throw error;
    context.addIssue({ code: 'custom', message: error.message, input: text });
    return z.NEVER;
  }
});
const word = z.string().min(1);

/** `config/alert-rules/*.yaml`. */
export const alertRulesDeclaration = z.strictObject({
  rules: z
    .array(
      z
        .strictObject({
          name: word.regex(/^[a-z][a-z0-9_]*$/),
          on: word,
          where: z.array(condition).default([]),
          key: z.array(word).default([]),
          severity: z.enum(['info', 'warning', 'critical']),
          summary: word,
          recommendations: z.array(word).default([]),
          runbook: z.string().optional(),
          resolve: z
            .array(
              z.strictObject({
                on: word,
                where: z.array(condition).default([]),
                key: z.array(word).default([]),
              }),
            )
            .default([]),
        })
        .transform((rule): AlertRule => ({ ...rule, runbook: rule.runbook })),
    )
    .min(1),
});
