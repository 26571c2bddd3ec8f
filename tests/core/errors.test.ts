import { describe, expect, it } from '@jest/globals';
import { abortedError, errorCategories, errorPolicies, ServiceError, toServiceError } from '../../src/core/errors.js';

describe('error policies', () => {
  it('has one for each category, and none that retries what only the caller can mend', () => {
    expect(Object.keys(errorPolicies).sort()).toEqual([...errorCategories].sort());
    for (const policy of Object.values(errorPolicies)) {
      expect(policy.remedy).not.toBe('');
      expect(policy.retry && policy.callerCanFix).toBe(false);
    }
  });
});

describe('ServiceError', () => {
  it('takes the remedy of its category unless it has its own', () => {
    expect(new ServiceError('timeout', 'late').remedy).toBe(errorPolicies.timeout.remedy);
    expect(new ServiceError('timeout', 'late', { remedy: 'wait' }).remedy).toBe('wait');
  });

  it('keeps foreign errors as the cause, never as the message', () => {
    const foreign = new Error('password=hunter2');
    const error = toServiceError(foreign);
    expect(error).toMatchObject({ category: 'internal', cause: foreign });
    expect(error.message).not.toContain('hunter2');
    expect(toServiceError(error)).toBe(error);
  });

  it('takes the reason of an aborted signal, or calls it the cancel of the caller', () => {
    const deadline = new ServiceError('timeout', 'too late', { reason: 'deadline' });
    expect(abortedError(AbortSignal.abort(deadline))).toBe(deadline);
    expect(abortedError(AbortSignal.abort())).toMatchObject({ category: 'cancelled' });
  });
});
