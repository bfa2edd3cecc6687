import PostalMime, { type Attachment, type Email, type PostalMimeOptions } from 'postal-mime'
import { quickDecoder, type Decoder } from './body-decoders.js'
import type { MailBudget } from './mail-budget.js'

/** What is read here of postal-mime's own classes; its types leave it out, the version is pinned, and tests watch it. */
export interface Part {
  content: ArrayBuffer | null
  contentType: { parsed: { value: string; params: Record<string, string> } }
  contentTransferEncoding: { encoding: string }
  contentDecoder: Decoder
  state: 'header' | 'body' | 'finished'
  subMessage?: Email
  childNodes: Part[]
  feed(line: Uint8Array): void
}

type TextType = 'plain' | 'html'

export interface Internals {
  boundaries: { value: Uint8Array }[]
  currentNode: Part
  root: Part
  textMap: Map<Part, unknown>
  attachments: Attachment[]
  rfc822NestingDepth: number
  finalize(): Promise<void>
  processLine(line: Uint8Array, isFinal: boolean): Promise<void>
  addTextEntry(part: Part, type: TextType, entry: { type: 'subMessage'; value: Email }): void
  isInlineTextNode(part: Part): boolean
  collectAttachment(part: Part, content: ArrayBuffer, ...rest: boolean[]): void
}

export const inherited = PostalMime.prototype as unknown as Internals

const LINE_FEED = 0x0a
const DASH = 0x2d
const PADDING = 0x3d
const COLON = 0x3a
const BYTES_PER_COLON = 4
const MAX_BOUNDARY_BYTES = 1000 // RFC 2046 §5.1.1 allows 70

/** postal-mime within a budget, which the messages inside of a message share. */
export class BoundedMime extends PostalMime {
  protected readonly budget: MailBudget
  private readonly known: PostalMimeOptions
  private readonly delimiters = new Set<string>()
  private lastBoundary: unknown

  constructor(options: PostalMimeOptions, budget: MailBudget) {
    super(options)
    this.known = options
    this.budget = budget
  }

  override async parse(raw: Uint8Array | ArrayBuffer): Promise<Email> {
    this.budget.take('lines', count(LINE_FEED, raw instanceof Uint8Array ? raw : new Uint8Array(raw)))
    return super.parse(raw)
  }

  /**
   * Its own compares each line that begins with `--` with the boundary of each part that is open: 4 million lines with
   * 90 boundaries, or 4,000 lines with 90 boundaries of 5,000 equal bytes, take it seconds.
   */
  processLine(line: Uint8Array, isFinal: boolean): Promise<void> {
    const { currentNode, boundaries } = this as unknown as Internals
    this.budget.take('lines', paddings(currentNode, line))
    if (currentNode.state === 'header') this.budget.take('bytes of headers', weightOfHeader(line))
    if (this.isDelimiter(line, boundaries)) {
      this.budget.take('parts')
      return inherited.processLine.call(this as unknown as Internals, line, isFinal)
    }
    feed(currentNode, line)
    return isFinal ? (this as unknown as Internals).finalize() : DONE
  }

  /** How many messages it is in. */
  protected get depth(): number {
    return (this as unknown as Internals).rfc822NestingDepth
  }

  /** Whether it is a plain text, whatever is attached: nothing of it is turned into HTML then. */
  protected isPlain(): boolean {
    return this.depth === 0 && !hasPartOf(MARKED_UP, (this as unknown as Internals).root)
  }

  /** As postal-mime has it, but with a reader within the same bounds. */
  async collectSubMessage(part: Part): Promise<void> {
    this.budget.takeMessage()
    const ours = this as unknown as Internals
    const reader = new (this.constructor as typeof BoundedMime)(this.known, this.budget)
    const theirs = reader as unknown as Internals
    theirs.rfc822NestingDepth = ours.rfc822NestingDepth + 1
    const message = (part.subMessage = await reader.parse(part.content ?? new ArrayBuffer(0)))
    const entry = { type: 'subMessage', value: message } as const
    if (message.text || !message.html) ours.addTextEntry(part, 'plain', entry)
    if (message.html) ours.addTextEntry(part, 'html', entry)
    for (const [inner, texts] of theirs.textMap) ours.textMap.set(inner, texts)
    for (const attachment of message.attachments) ours.attachments.push(attachment)
  }

  /** Whether the line may be one; if it is, and of which part, postal-mime finds out. */
  private isDelimiter(line: Uint8Array, boundaries: Internals['boundaries']): boolean {
    if (line[0] !== DASH || line[1] !== DASH) return false
    if (this.lastBoundary !== boundaries.at(-1)) this.learn(boundaries)
    const text = unpadded(line.subarray(2))
    return (
      this.delimiters.has(text) || (text.endsWith('--') && this.delimiters.has(text.slice(0, -2).trimEnd()))
    )
  }

  /** A boundary comes in last. One that has gone meanwhile does no harm. */
  private learn(boundaries: Internals['boundaries']): void {
    this.lastBoundary = boundaries.at(-1)
    this.delimiters.clear()
    for (const { value } of boundaries) {
      this.budget.refuseIf(value.length > MAX_BOUNDARY_BYTES, 'a boundary of more than 1,000 bytes')
      this.delimiters.add(unpadded(value))
    }
  }
}

const DONE = Promise.resolve()
const MARKED_UP = ['text/html', 'message/rfc822']

const hasPartOf = (types: string[], { contentType, childNodes }: Part): boolean =>
  types.includes(contentType.parsed.value) || childNodes.some((child) => hasPartOf(types, child))

function feed(part: Part, line: Uint8Array): void {
  const isHeader = part.state === 'header'
  part.feed(line)
  if (!isHeader || part.state !== 'body') return
  part.contentDecoder = quickDecoder(part.contentDecoder, part.contentTransferEncoding.encoding)
}

/** A colon in a list of addresses begins a group, of which postal-mime reads each again that is in another. */
const weightOfHeader = (line: Uint8Array): number => line.length + BYTES_PER_COLON * count(COLON, line)

/** Base64 is padded where it ends, but some pad each line. */
function paddings({ state, contentTransferEncoding }: Part, line: Uint8Array): number {
  return state === 'body' && contentTransferEncoding.encoding.includes('base64') ? count(PADDING, line) : 0
}

function count(byte: number, bytes: Uint8Array): number {
  let found = 0
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === byte) found++
  return found
}

/** Bytes as characters, without the blanks that may stand behind a delimiter (RFC 2046 §5.1.1). */
const unpadded = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1').trimEnd()
