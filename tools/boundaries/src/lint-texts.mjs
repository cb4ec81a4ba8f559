/**
 * Lints texts that are not on the disk, each as if it stood in the file it names, with the
 * workspace's own rules. Reads `[{ file, text, typed }]` as JSON from standard input and writes, in
 * the same order, `[[{ ruleId, message }]]`.
 *
 * ESLint's API needs `import()`, which Jest's sandbox refuses; so the specs run this in a process
 * of its own. Rules that need types (`typed`) work on existing files only; the others are asked
 * without types, which is what makes hundreds of texts a matter of seconds.
 */
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const plants = JSON.parse(Buffer.concat(chunks).toString('utf8'));

const typed = new ESLint();
const untyped = new ESLint({ overrideConfig: [tseslint.configs.disableTypeChecked] });

const reports = [];
for (const plant of plants) {
  const eslint = plant.typed ? typed : untyped;
  const [result] = await eslint.lintText(plant.text, { filePath: plant.file, warnIgnored: true });
  reports.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })));
}
process.stdout.write(JSON.stringify(reports));
