import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Ends a run with `N passed, N failed, N skipped`, and names what was skipped with its reason. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const skippedSuites = new Set<string>();
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'pending') continue;
        counts[state] += 1;
        if (state === 'skipped') skippedSuites.add(suiteOf(test));
      }
    }
    counts.failed += unhandledErrors.length;
    for (const suite of skippedSuites) process.stdout.write(`skipped: ${suite}\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}

function suiteOf(test: TestCase): string {
  return test.parent.type === 'suite' ? test.parent.fullName : test.module.moduleId;
}
