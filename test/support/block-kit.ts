import type { Body } from './api-client.js'

/**
 * Slack's limits, as https://docs.slack.dev/reference/block-kit documents them: "50 blocks in each message",
 * header-block "Maximum length for the text in this field is 150 characters", section-block "text … 3000 characters",
 * "fields … Maximum number of items is 10. Maximum length for the text in each item is 2000 characters", context-block
 * "elements … Maximum number of items is 10", text-object "The minimum length is 1 and maximum length is 3000
 * characters". Lengths are counted in UTF-16 units, escapes included: no other way of counting gives more.
 */
const LIMITS = { blocks: 50, header: 150, text: 3_000, fields: 10, field: 2_000, elements: 10 }

/** The only command that our messages give; Slack reads all else between angle brackets as one too. */
const DATE = /<!date\^\d+\^[^|<>]+\|[^<>]+>/g
/** Nothing of these can be seen. */
const BLANK = /^[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}\p{M}\u2800]*$/u

/** What Slack would refuse, or would not show as it was written, in the body of an incoming webhook. */
export function blockKitProblems({ text, blocks, ...options }: Body): string[] {
  return [
    ...textProblems('text', text, LIMITS.text),
    ...markupProblems('text', text),
    ...known('message', options, ['unfurl_links', 'unfurl_media']),
    ...count('blocks', blocks, LIMITS.blocks),
    ...blocks.flatMap((block: Body, index: number) => blockProblems(`blocks.${index}`, block)),
  ]
}

function blockProblems(at: string, { type, text, fields, elements, ...rest }: Body): string[] {
  switch (type) {
    case 'header':
      return [
        ...known(at, { fields, elements, ...rest }, []),
        ...(text?.type === 'plain_text' ? [] : [`${at} must be plain text`]),
        ...objectProblems(`${at}.text`, text, LIMITS.header),
      ]
    case 'section':
      return [
        ...known(at, { elements, ...rest }, []),
        ...(text || fields ? [] : [`${at} has neither text nor fields`]),
        ...(text ? objectProblems(`${at}.text`, text, LIMITS.text) : []),
        ...(fields ? listProblems(`${at}.fields`, fields, LIMITS.fields, LIMITS.field) : []),
      ]
    case 'context':
      return [
        ...known(at, { text, fields, ...rest }, []),
        ...listProblems(`${at}.elements`, elements, LIMITS.elements, LIMITS.text),
      ]
    default:
      return [`${at} is of no type that we use: ${type}`]
  }
}

const listProblems = (at: string, list: Body[], most: number, longest: number): string[] => [
  ...count(at, list, most),
  ...list.flatMap((one, index) => objectProblems(`${at}.${index}`, one, longest)),
]

function objectProblems(at: string, { type, text, ...rest }: Body, longest: number): string[] {
  const problems = textProblems(at, text, longest)
  if (type === 'plain_text') return [...problems, ...known(at, rest, ['emoji'])]
  if (type !== 'mrkdwn') return [...problems, `${at} is no text object`]
  const isVerbatim = rest.verbatim === true ? [] : [`${at} would have its addresses made links`]
  return [...problems, ...isVerbatim, ...markupProblems(at, text), ...known(at, rest, ['verbatim'])]
}

function textProblems(at: string, text: unknown, longest: number): string[] {
  if (typeof text !== 'string') return [`${at} is no text`]
  return [
    ...(BLANK.test(text) ? [`${at} is empty`] : []),
    ...(text.length > longest ? [`${at} has ${text.length} of ${longest} characters`] : []),
    ...(text.isWellFormed() ? [] : [`${at} has half a character`]),
    ...(/(?!\n)\p{Cc}/u.test(text) ? [`${at} has control characters`] : []),
  ]
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function markupProblems(at: string, text: string): string[] {
  const rest = text.replaceAll(DATE, '')
  return [
    ...(/[<>]/.test(rest) ? [`${at} gives commands: ${rest}`] : []),
    ...(/&(?!(?:amp|lt|gt);)/.test(rest) ? [`${at} has half an escape: ${rest}`] : []),
    ...(/(?<![\w.+-])@(?:here|channel|everyone|group)\b/i.test(rest) ? [`${at} mentions everyone`] : []),
  ]
}

const count = (at: string, list: Body[], most: number): string[] =>
  list.length >= 1 && list.length <= most ? [] : [`${at} has ${list.length} of 1 to ${most} items`]

const known = (at: string, given: object, names: string[]): string[] =>
  Object.entries(given)
    .filter(([name, value]) => value !== undefined && !names.includes(name))
    .map(([name]) => `${at} has the unknown ${name}`)
