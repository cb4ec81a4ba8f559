/**
 * Ends a run with one plain line, `N passed, N failed`, behind everything else that is printed.
 * A suite that could not be loaded has no tests to count and counts as one failure.
 */
module.exports = class TallyReporter {
  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tally = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    // Jest and the teardown still print after this; only the exit comes last.
    process.once('exit', () => process.stdout.write(`${tally}\n`));
  }
};
