/**
 * Where a key lies: murmur2 of its UTF-8 bytes, sign bit cleared, modulo the number of partitions. Kafka's Java client
 * and kafkajs place keys the same way, so both adapters and foreign producers agree.
 *
 * @see org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c
 */
export function partitionOfKey(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

const m = 0x5bd1e995;

export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const byte = (index: number): number => data[index] ?? 0;
  let hash = 0x9747b28c ^ length;
  const blocks = length & ~3;
  for (let index = 0; index < blocks; index += 4) {
    let k = byte(index) | (byte(index + 1) << 8) | (byte(index + 2) << 16) | (byte(index + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    hash = Math.imul(hash, m) ^ k;
  }
  const rest = length & 3;
  if (rest > 0) {
    if (rest === 3) hash ^= byte(blocks + 2) << 16;
    if (rest >= 2) hash ^= byte(blocks + 1) << 8;
    hash = Math.imul(hash ^ byte(blocks), m);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, m);
  return hash ^ (hash >>> 15);
}
