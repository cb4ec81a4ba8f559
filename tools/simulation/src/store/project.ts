import { matches, type Document } from './match';

type Projection = Readonly<Record<string, unknown>>;

/** What a projection leaves of a document: by exclusion, or by inclusion with `$elemMatch`. */
export function projected(document: Document, projection: Projection | undefined): Document {
  if (!projection) return document;
  const isInclusion = Object.values(projection).some((value) => value !== 0);
  return isInclusion ? included(document, projection) : excluded(document, projection);
}

function excluded(document: Document, projection: Projection): Document {
  const result: Document = { ...document };
  for (const path of Object.keys(projection)) {
    const [name = '', ...inner] = path.split('.');
    if (inner.length === 0) delete result[name];
    else if (name in result) result[name] = without(result[name], inner.join('.'));
  }
  return result;
}

function without(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((element) => without(element, path));
  return excluded(value as Document, { [path]: 0 });
}

function included(document: Document, projection: Projection): Document {
  const result: Document = { _id: document['_id'] as unknown };
  for (const [name, value] of Object.entries(projection)) {
    const found: unknown = document[name];
    if (found === undefined) continue;
    const picked = elementPicked(found, value);
    if (picked !== undefined) result[name] = picked;
  }
  return result;
}

/** `$elemMatch` picks the first element that fits; where none does, the field is left out. */
function elementPicked(found: unknown, value: unknown): unknown {
  if (value === 1) return found;
  const condition = (value as { $elemMatch: Document }).$elemMatch;
  const first: unknown = (found as unknown[]).find((element) => matches(element, condition));
  return first === undefined ? undefined : [first];
}
