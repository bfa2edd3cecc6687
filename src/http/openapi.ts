import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger'
import { describeErrors } from './openapi-errors.js'

/** Swagger UI at /docs, the contract itself at /docs/openapi.json. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Punctual',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  })
}

export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Punctual')
    .setDescription('A shared support mailbox that answers on time.')
    .setVersion('0.1.0')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build()
  const operationIdFactory = (controller: string, method: string) =>
    `${controller.replace('Controller', '')}_${method}`
  return describeErrors(SwaggerModule.createDocument(app, config, { operationIdFactory }))
}
