import type { ApiHeaderOptions, ApiResponseOptions } from '@nestjs/swagger'

/** What the types cannot tell of the stream. */

export const LAST_EVENT_ID: ApiHeaderOptions = {
  name: 'Last-Event-ID',
  required: false,
  description: 'The `id` of the last message received; goes before `after`.',
  // No example: Swagger UI would send it, and the stream begin who knows where.
  schema: { type: 'string', maxLength: 500 },
}

export const STREAM: ApiResponseOptions = {
  description:
    'Messages without end. The `data` of each is an event as `GET /api/events` lists it, on one line.',
  content: {
    'text/event-stream': {
      schema: { type: 'string' },
      example: [
        'retry: 1000',
        'id: WzcyNjEwNCw0MTZd',
        '',
        'id: WzcyNjEwNiw0MTdd',
        'event: email.received',
        'data: {"id":"018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e","event":"email.received",…}',
        '',
        '',
      ].join('\n'),
    },
  },
}
