import { describe, expect, it } from 'vitest';
import { murmur2, partitionOfKey } from './partition-of-key.js';

describe('murmur2', () => {
  it('hashes like the Java client', () => {
    // The cases of org.apache.kafka.common.utils.UtilsTest.testMurmur2
    const cases: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    for (const [text, hash] of cases) expect(murmur2(Buffer.from(text))).toBe(hash);
  });
});

describe('partitionOfKey', () => {
  it('clears the sign before it divides', () => {
    // -973932308 & 0x7fffffff = 1173551340; modulo 8 = 4
    expect(partitionOfKey('21', 8)).toBe(4);
  });
});
