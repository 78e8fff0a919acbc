import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeArtifactPath, parseArtifactUri } from './artifact-path.js';

fc.configureGlobal({ seed: 20261124 });

describe('an artifact path', () => {
  it.each([
    'model/model.onnx',
    '0/run/artifacts/a b.json',
    'ümlaut/日本.txt',
    '100%/done',
    'a..b/c',
    '.hidden',
  ])('is kept when it is harmless: %s', (path) => {
    expect(normalizeArtifactPath(path)).toBe(path.normalize('NFC'));
  });

  it('is the same for every spelling of the same letters', () => {
    expect(normalizeArtifactPath('u\u0308')).toBe('\u00fc');
  });

  it('never climbs, however often its parts are encoded', () => {
    const climbs = fc.constantFrom('..', '.', '...', '\\', '\u0000', '/..', '\u2025', '\uff0e\uff0e');
    const segment = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(
        segment,
        climbs,
        segment,
        fc.integer({ min: 0, max: 4 }),
        (before, climb, after, rounds) => {
          let path = `${before}/${climb}/${after}`;
          for (let round = 0; round < rounds; round += 1) {
            path = encodeURIComponent(path).replaceAll('.', '%2e');
          }
          expect(() => normalizeArtifactPath(path)).toThrow('is refused');
        },
      ),
    );
  });

  it('is taken from our own scheme only', () => {
    expect(parseArtifactUri('mlflow-artifacts:/0/run/artifacts/model/')).toBe('0/run/artifacts/model');
    for (const uri of ['file:///etc/passwd', 'FILE:/x', 'http://host/x', 'dbfs:/x', '/etc', '../x', '']) {
      expect(() => parseArtifactUri(uri)).toThrow('is refused');
    }
  });
});
