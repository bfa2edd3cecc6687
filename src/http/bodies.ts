import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.js'
import { RouteSettings } from './route-settings.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bytes that a body may have; `USUAL_BODY_LIMIT` if left out. */
    bodyLimit?: number
    /** The one media type that is taken; JSON if left out. */
    mediaType?: string
  }
}

export const KIB = 1024
export const MIB = 1024 * KIB
/** Of all but a few routes. Business hours of years with their holidays take a tenth of it. */
export const USUAL_BODY_LIMIT = 256 * KIB
const JSON_TYPE = 'application/json'

/** How many bytes a body may have, where it is not `USUAL_BODY_LIMIT`. */
export const BodyLimit = (bytes: number) => RouteSettings({ bodyLimit: bytes })

/** Takes a body of this media type instead of JSON, and hands it on as the bytes that came. */
export const RawBody = (mediaType: string, bodyLimit: number) => RouteSettings({ mediaType, bodyLimit })

/** Fastify asks a route for its limit when it reads; a route that says none has the usual one. */
export function limitBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit = route.config?.bodyLimit ?? USUAL_BODY_LIMIT
  })
}

/** Refuses what its headers condemn, before any of the body is read. @throws Problem 404, 413 or 415 */
export async function refuseUnread(request: FastifyRequest): Promise<void> {
  if (request.is404) throw new Problem(404, 'not_found', `Cannot ${request.method} ${pathOf(request.url)}`)
  const { bodyLimit = USUAL_BODY_LIMIT, config } = request.routeOptions
  const { 'content-length': length = 0, 'content-type': type, 'transfer-encoding': coding } = request.headers
  const taken = config.mediaType ?? JSON_TYPE
  const isRead = request.method !== 'GET' && request.method !== 'HEAD'
  const isTyped = type !== undefined || Number(length) > 0 || coding !== undefined
  if (isRead && isTyped && request.mediaType !== taken)
    throw new Problem(415, 'unsupported_media_type', `This takes a body of Content-Type: ${taken}`)
  if (Number(length) <= bodyLimit) return
  throw new Problem(413, 'payload_too_large', `${STATUS_CODES[413]}: ${sizeOf(bodyLimit)} is the most`)
}

/** How long the rest of a body may take that was answered before it had come. */
const RUNS_OUT_MS = 5_000

/**
 * Node reads the rest of a refused body and throws it away, so that its sender reads the answer and not a reset; but it would
 * do so for as long as something comes.
 */
export async function boundRest({ raw }: FastifyRequest): Promise<void> {
  if (raw.complete) return
  setTimeout(() => raw.complete || raw.socket.destroy(), RUNS_OUT_MS).unref()
}

export const pathOf = (url: string) => url.split('?', 1)[0]!

const sizeOf = (bytes: number) => (bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`)
