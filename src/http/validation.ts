import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common'
import type { InputClass } from './input-bounds.js'
import { faultsOfShape, hollow, refill } from './input-shape.js'
import { mayBeLeftOut } from './optional-body.decorator.js'
import { invalid, MOST_FAULTS, Problem, type FieldError } from './problem.js'
import { judgeTypesFirst } from './rule-order.js'

judgeTypesFirst()

/** Unknown properties are errors too: a misspelt filter must not silently match everything. */
export const validationPipe = () =>
  new InputPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => invalidInput(errors.flatMap((error) => fieldErrors(error))),
  })

class InputPipe extends ValidationPipe {
  /** @throws Problem 400 for what is unknown or too large, before the rest is looked at */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (!metadata.metatype || !this.toValidate(metadata)) return super.transform(value, metadata)
    const type = metadata.metatype as InputClass
    if (metadata.type === 'body' && value === undefined && !mayBeLeftOut(type))
      throw invalid('body', 'must be an object')
    const faults = faultsOfShape(type, value, MOST_FAULTS)
    if (faults.length > 0) throw invalidInput(faults)
    const made: unknown = await super.transform(hollow(type, value), metadata)
    refill(type, made, value)
    return made
  }

  /** Leaves single values of the path and the query as they were written: of `0x10` Nest would make a 16. */
  protected override transformPrimitive(value: unknown): unknown {
    return value
  }
}

function invalidInput(faults: FieldError[]): Problem {
  const detail = faults.map(({ field, message }) => `${field} ${message}`).join('; ')
  return new Problem(400, 'validation_failed', detail || 'The body is not valid', faults)
}

function fieldErrors(error: ValidationError, parent = ''): FieldError[] {
  const field = parent ? `${parent}.${error.property}` : error.property
  const own = Object.values(error.constraints ?? {}).map((text) => ({
    field,
    message: withoutName(text, error),
  }))
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, field))]
}

/** class-validator starts its sentences with the property's name, which `field` already says. */
function withoutName(text: string, error: ValidationError): string {
  if (text.startsWith(`property ${error.property}`)) return 'is not a known property'
  return text.startsWith(`${error.property} `) ? text.slice(error.property.length + 1) : text
}
