import ts from 'typescript';

/** An exported name without a doc comment, as `line: name`. */
export interface Undocumented {
  readonly line: number;
  readonly name: string;
}

/**
 * The exported declarations of a file that no doc comment precedes. A type right after the
 * documented constant it is derived from (`typeof` that constant) is covered by that comment;
 * re-exports are documented where they are declared.
 */
export function undocumentedExports(file: string, text: string): Undocumented[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found: Undocumented[] = [];
  source.statements.forEach((statement, index) => {
    if (!isExported(statement) || hasDocComment(statement)) return;
    if (isCoveredBy(source.statements[index - 1], statement)) return;
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart(source));
    for (const name of namesOf(statement)) found.push({ line: line + 1, name });
  });
  return found;
}

// An exported constant without a comment is reported itself; its type would say the same twice.
function isCoveredBy(before: ts.Statement | undefined, statement: ts.Statement): boolean {
  if (!before) return false;
  if (isDerivedFrom(statement, before)) return hasDocComment(before) || isExported(before);
  // The later signatures of an overload repeat the name that the first one documents.
  return hasDocComment(before) && namesOf(statement)[0] === namesOf(before)[0];
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function hasDocComment(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some(ts.isJSDoc);
}

function isDerivedFrom(statement: ts.Statement, before: ts.Statement): boolean {
  if (!ts.isTypeAliasDeclaration(statement)) return false;
  const type = statement.type.getText();
  return namesOf(before).some((name) => new RegExp(`\\btypeof ${name}\\b`).test(type));
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as ts.Statement & { name?: ts.Node };
  return [name?.getText() ?? statement.getText().slice(0, 40)];
}
