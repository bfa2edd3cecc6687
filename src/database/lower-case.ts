/**
 * In lower case as PostgreSQL has it: one character for each (Unicode's simple case mapping). `toLowerCase` makes two of
 * `İ`, and looks at what stands around a `Σ`; what is written by the one and compared by the other is two addresses here and
 * one there.
 */
export const lowerCase = (text: string): string =>
  Array.from(text, (character) => {
    const [lower = character] = character.toLowerCase()
    return lower
  }).join('')
