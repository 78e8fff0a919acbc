import { describe, expect, it } from 'vitest';
import { deterministicId, digestOf, newId } from './ids.js';

describe('deterministicId', () => {
  it('gives equal parts the equal id and keeps the borders between parts', () => {
    expect(deterministicId('a', 'b')).toBe(deterministicId('a', 'b'));
    expect(deterministicId('a', 'b')).not.toBe(deterministicId('ab'));
    expect(deterministicId('ab', '')).not.toBe(deterministicId('a', 'b'));
  });

  it('counts bytes, so that text of several bytes a character keeps its borders too', () => {
    expect(deterministicId('é', '1:x')).not.toBe(deterministicId('é1:x'));
  });
});

describe('newId', () => {
  it('is a version 7 UUID that sorts by time', () => {
    const early = newId(new Date('2026-01-01T00:00:00Z'));
    const late = newId(new Date('2026-01-01T00:00:01Z'));
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(early < late).toBe(true);
  });
});

describe('digestOf', () => {
  it('is the SHA-256 that sha256sum prints', () => {
    // printf '' | sha256sum
    expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
