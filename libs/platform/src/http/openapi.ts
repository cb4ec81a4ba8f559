import { Problem } from '@opd/contracts';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { componentSchemas, schemaRef } from './openapi-schemas';

/**
 * The OpenAPI 3.1 document of an API, made from its `@Route` declarations. The operational routes
 * (health, metrics, docs) are not part of it.
 */
export function openApiDocument(app: NestFastifyApplication, name: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(`Elastic OPD: ${name}`)
    .setDescription('Errors are problem+json (RFC 9457); `code` says what happened.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  const document = SwaggerModule.createDocument(app, config);
  schemaRef(Problem, 'output');
  const schemas = mentioned(document.paths, componentSchemas());
  return { ...document, components: { ...document.components, schemas } } as OpenAPIObject;
}

/** The named schemas that are mentioned here, or by a schema that is. */
function mentioned<T>(part: unknown, schemas: Readonly<Record<string, T>>): Record<string, T> {
  const found = new Set<string>();
  const visit = (json: unknown) => {
    for (const [, id = ''] of JSON.stringify(json).matchAll(/"#\/components\/schemas\/(.*?)"/g)) {
      if (found.has(id)) continue;
      found.add(id);
      visit(schemas[id] ?? {});
    }
  };
  visit(part);
  return Object.fromEntries(Object.entries(schemas).filter(([id]) => found.has(id)));
}

/** Serves the document at `/openapi.json` and its page at `/docs`, all from this process. */
export function serveDocs(app: NestFastifyApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: document.info.title,
    // The page would show the document to a validator in the internet.
    swaggerOptions: { validatorUrl: null, persistAuthorization: false },
  });
}
