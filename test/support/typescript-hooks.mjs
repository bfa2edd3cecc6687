// Lets Node run those sources whose only decorator is @Injectable, without a compiler in the process that is measured.
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

const isOurs = (url) => url?.endsWith('.ts') && !url.includes('/node_modules/')

registerHooks({
  resolve(specifier, context, next) {
    const isSource = specifier.startsWith('.') && isOurs(context.parentURL)
    return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context)
  },
  load(url, context, next) {
    if (!isOurs(url)) return next(url, context)
    const text = readFileSync(fileURLToPath(url), 'utf8').replace(/^@Injectable\(\)$/gm, '')
    return { format: 'module', source: stripTypeScriptTypes(text, { mode: 'transform' }), shortCircuit: true }
  },
})
