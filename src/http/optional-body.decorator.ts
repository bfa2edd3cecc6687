const optional = new WeakSet<object>()

/** A body of this class may be left out; its route says so in `@ApiBody({ required: false })`. */
export const OptionalBody = (): ClassDecorator => (type) => void optional.add(type)

export const mayBeLeftOut = (type: object) => optional.has(type)
