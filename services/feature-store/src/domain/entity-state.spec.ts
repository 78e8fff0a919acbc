import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntityState } from './entity-state.js';
import { FeatureView, featureViewSchema } from './feature-view.js';
import { labelSchema } from './label.js';
import { encodeFrame, StateDamagedError, StateNewerError, decodeFrame } from './state-frame.js';

fc.configureGlobal({ seed: 20261124 });

const view = new FeatureView(
  featureViewSchema.parse({
    name: 'system_metrics',
    version: 1,
    owner: 'test',
    entity: 'system_id',
    ttlSeconds: 900,
    columns: ['cpu_usage', 'disk_io'],
    windowMinutes: [5, 60],
    statistics: ['mean', 'std', 'slope', 'ewma', 'p95'],
  }),
);
const noon = Date.UTC(2026, 10, 23, 12);

function stateOf(rows: number): EntityState {
  const state = EntityState.empty(view, []);
  for (let row = 0; row < rows; row += 1) {
    const time = noon + row * 7_000;
    state.windows.accept(time, time, row, Float64Array.of(row % 13, row % 3 === 0 ? Number.NaN : row * 1e5));
    state.touch(time);
  }
  return state;
}

function featuresOf(state: EntityState): Float64Array {
  return view.compute(state.windows, state.windows.newest, new Float64Array(2));
}

describe('the stored state of an entity', () => {
  it('has the same bits of every statistic after it was stored in chunks and restored', () => {
    const state = stateOf(150);
    const chunk = state.seal()!;
    const restored = EntityState.decode(view, [], state.encode(), [chunk.bytes]);
    expect(featuresOf(restored)).toEqual(featuresOf(state));
    expect(restored.windows.exportRows()).toEqual(state.windows.exportRows());
  });

  it('can be read in the previous format, with waiting labels in its JSON', () => {
    const label = labelSchema.parse({
      name: 'incident',
      version: 1,
      view: 'system_metrics',
      withinMinutes: 15,
      column: 'cpu_usage',
      atLeast: 90,
    });
    const rows = stateOf(3).windows.exportRows();
    const head = Buffer.from(
      JSON.stringify({
        outcomes: [
          {
            waiting: [
              [noon, 1],
              [noon + 7_000, 0],
            ],
            breaches: [],
          },
        ],
        chunks: [],
        nextChunk: 0,
      }),
    );
    const frame = encodeFrame(
      'head',
      new Uint8Array(Uint32Array.of(head.length).buffer),
      head,
      new Uint8Array(rows.buffer),
    );
    new DataView(frame.buffer).setUint16(4, 2, true);
    const checksum = crc32(Uint8Array.from([...frame.subarray(0, 12), ...frame.subarray(16)]));
    new DataView(frame.buffer).setUint32(12, checksum, true);
    const restored = EntityState.decode(view, [label], frame, []);
    expect(restored.windows.exportRows()).toEqual(rows);
    expect(restored.outcomes[0]!.state().waiting).toEqual(Float64Array.of(noon, 1, noon + 7_000, 0));
    const again = EntityState.decode(view, [label], restored.encode(), []);
    expect(again.outcomes[0]!.state()).toEqual(restored.outcomes[0]!.state());
    expect(again.windows.exportRows()).toEqual(rows);
  });

  it('is rejected when a newer release wrote it, whatever else that release changed', () => {
    const newer = encodeFrame('head', Uint8Array.of(1, 2, 3));
    new DataView(newer.buffer).setUint16(4, 4, true);
    expect(() => decodeFrame('head', newer)).toThrow(StateNewerError);
    expect(() => EntityState.chunksOf(newer)).toThrow(
      'The stored state has format 4, this release reads 3; run the release that wrote it, or delete the state to start with empty windows',
    );
  });

  it('is rejected when any bit has changed or its end is missing', () => {
    const bytes = stateOf(20).encode();
    const change = fc.record({
      at: fc.integer({ min: 0, max: bytes.length - 1 }),
      bit: fc.integer({ min: 0, max: 7 }),
      length: fc.integer({ min: 0, max: bytes.length - 1 }),
    });
    fc.assert(
      fc.property(change, ({ at, bit, length }) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = changed[at]! ^ (1 << bit);
        // A changed format may pretend to be a newer one: refused all the same.
        const expected = at === 4 || at === 5 ? /format|checksum/ : /damaged/;
        expect(() => EntityState.decode(view, [], changed, [])).toThrow(expected);
        expect(() => EntityState.decode(view, [], bytes.subarray(0, length), [])).toThrow(StateDamagedError);
      }),
    );
  });

  it('is rejected when it has rows of another width', () => {
    const odd = encodeFrame('rows', new Uint8Array(8 * 7));
    expect(() => EntityState.decode(view, [], stateOf(1).encode(), [odd])).toThrow(
      '7 numbers are not rows of 5',
    );
    expect(() => EntityState.decode(view, [], odd, [])).toThrow('it is a frame of rows, not of head');
  });

  it('carries the CRC-32 of everything else', () => {
    const frame = encodeFrame('rows', Uint8Array.of(7));
    const without = Uint8Array.from([...frame.subarray(0, 12), 7]);
    expect(new DataView(frame.buffer).getUint32(12, true)).toBe(crc32(without));
  });
});
