/** Whether a running trial should go on. What cannot be judged yet is `no-data`, with the reason, and goes on. */
export type PruningVerdict =
  | { readonly outcome: 'keep'; readonly step: number; readonly value: number; readonly threshold: number }
  | {
      readonly outcome: 'prune';
      readonly reason: 'worse' | 'diverged' | 'rung-too-small';
      readonly step: number;
      /** What was compared: the trial's value or, of a test, its p-value. */
      readonly value: number;
      /** What it was compared with; undefined where there was nothing. */
      readonly threshold: number | undefined;
    }
  | {
      readonly outcome: 'no-data';
      readonly reason:
        | 'no-pruner'
        | 'no-report'
        | 'warming-up'
        | 'between-intervals'
        | 'too-few-trials'
        | 'too-few-steps'
        | 'not-comparable';
    };
