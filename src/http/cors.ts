import type { NestFastifyApplication } from '@nestjs/platform-fastify'

const DAY_SECONDS = 86_400

/** Lets pages of these origins call the API from a browser. There are no cookies, and so no credentials to allow. */
export function letOriginsIn(app: NestFastifyApplication, origins: string[]): void {
  if (origins.length === 0) return
  app.enableCors({
    origin: origins,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'x-request-id'],
    exposedHeaders: [
      ...['allow', 'idempotency-replayed', 'ratelimit', 'ratelimit-policy', 'retry-after'],
      ...['www-authenticate', 'x-request-id'],
    ],
    maxAge: DAY_SECONDS,
    // OPTIONS without Origin is a question for the methods, which is answered after this.
    strictPreflight: false,
    preflightContinue: true,
  } as Parameters<NestFastifyApplication['enableCors']>[0])
}
