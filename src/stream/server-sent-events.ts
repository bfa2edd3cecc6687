import { cursorOf } from '../http/paging.js'
import type { Place, StreamedEvent } from './events.reader.js'

/** The format of https://html.spec.whatwg.org/multipage/server-sent-events.html. Each text is whole blocks of lines. */

const RECONNECT_MS = 1_000

/** The id at once: a client that is cut off before its first event then resumes from here, and misses none. */
export const opening = (place: Place) => `retry: ${RECONNECT_MS}\n${idOf(place)}\n`

export const message = ({ place, name, body }: StreamedEvent) =>
  `${idOf(place)}event: ${name}\ndata: ${body}\n\n`

/** A comment, and an id without data, which moves clients on past events that they did not ask for. */
export const heartbeat = (place: Place) => `: still here\n${idOf(place)}\n`

const idOf = (place: Place) => `id: ${cursorOf(place)}\n`
