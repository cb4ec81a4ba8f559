import { writeFile } from 'node:fs/promises';
import { HELP, readArguments, type Command } from './arguments';
import { generateDay } from './generate';
import { EXIT, playFile } from './play-file';

async function main(args: readonly string[]): Promise<number> {
  const command = readArguments(args);
  if (!command.ok) {
    console.error(command.problems.join('\n'));
    return EXIT.badInput;
  }
  return run(command.value);
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'generate':
      return generate(command);
    case 'play':
      return playFile(command, process.env);
  }
}

async function generate(command: Extract<Command, { kind: 'generate' }>): Promise<number> {
  const { out, seed, doctors, arrivals } = command;
  try {
    await writeFile(out, generateDay(command));
  } catch (error) {
    console.error(`${out} cannot be written: ${(error as Error).message}`);
    return EXIT.badInput;
  }
  console.log(`${out}: ${arrivals} arrivals for ${doctors} doctors, seed ${seed}.`);
  return 0;
}

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
