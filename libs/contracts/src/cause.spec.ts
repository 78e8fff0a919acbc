import { describe, expect, it } from 'vitest';
import { causedBy } from './cause.js';

describe('Causal attributes of an event', () => {
  it('name the cause first and inherit its correlation', () => {
    expect(causedBy({ id: 'a', correlationId: 'story' }, 'b', 'c')).toEqual({
      causationIds: ['a', 'b', 'c'],
      correlationId: 'story',
    });
  });

  it('are absent without a cause, never empty', () => {
    expect(causedBy(undefined)).toEqual({});
    expect(causedBy({ id: 'a', correlationId: undefined })).toEqual({ causationIds: ['a'] });
  });
});
