import { HttpException } from '@nestjs/common'

export interface FieldError {
  /** Where in the input: a property path such as `events.0`. */
  field: string
  message: string
}

/** Places of an input that one answer names; a program that sends more wrong ones sees the rest when these are mended. */
export const MOST_FAULTS = 20

/**
 * An error for the caller, as RFC 9457 problem details.
 * @param code stable and machine-readable, such as `email_already_resolved`
 * @param detail a sentence for a person
 */
export class Problem extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors?: FieldError[],
  ) {
    super(detail, status)
  }
}

/** Not there, or not this tenant's: the answer does not tell which. */
export const notFound = (what: string) => new Problem(404, 'not_found', `There is no such ${what}`)

export const conflict = (code: string, detail: string) => new Problem(409, code, detail)

export const invalid = (field: string, message: string) =>
  new Problem(400, 'validation_failed', `${field} ${message}`, [{ field, message }])

/** Well-formed input that says what cannot be: every place of it is named. */
export const unprocessable = (errors: FieldError[], code = 'invalid_input') =>
  new Problem(422, code, errors.map(({ field, message }) => `${field} ${message}`).join('; '), errors)
