import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

// Filled while controllers are loaded, read when the document is made.
const components = new Map<string, JsonSchema>();

/** Every named schema that a route has mentioned so far, for `components.schemas`. */
export function componentSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries([...components].sort(([a], [b]) => a.localeCompare(b)));
}

/**
 * The schema as the OpenAPI document shows it: named ones (`.meta({ id })`) as references to
 * `components.schemas`, where they are put by this call; nameless ones in their place.
 */
export function schemaRef(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const json = z.toJSONSchema(schema, { io, target: 'draft-2020-12', override: dropNoise });
  const { $defs: named = {}, ...root } = pointToComponents(json) as JsonSchema;
  delete root.$schema;
  for (const [id, definition] of Object.entries(named)) components.set(id, definition);
  return root;
}

/** What says nothing about the field: the range of exact integers, and how a named format is checked. */
function dropNoise({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

function pointToComponents(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(json).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/'),
  );
}
