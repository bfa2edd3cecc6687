import { expect, it } from 'vitest'
import { Registration } from '../src/auth/registration.js'
import type { Config } from '../src/config/config.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { ApiClient } from './support/api-client.js'
import { startTestApp } from './support/test-app.js'

it('is for the first account alone in production, however many come at once', async () => {
  const punctual = await startTestApp({ NODE_ENV: 'production' })
  try {
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => register(punctual.baseUrl, n)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403, 403])
    const refused = await register(punctual.baseUrl, 6)
    expect(refused).toMatchObject({ status: 403, body: { code: 'registration_closed' } })
    expect(refused.body.detail).toContain('REGISTRATION=first')

    const mayRegister = (settings: Partial<Config>) =>
      new Registration(settings as Config, punctual.app.get(UnitOfWork)).check()
    await expect(mayRegister({ NODE_ENV: 'development', REGISTRATION: 'first' })).rejects.toThrow('first')
    await expect(mayRegister({ NODE_ENV: 'development', REGISTRATION: 'closed' })).rejects.toThrow('closed')
    await expect(mayRegister({ NODE_ENV: 'production', REGISTRATION: 'open' })).resolves.toBeUndefined()
    await expect(mayRegister({ NODE_ENV: 'development' })).resolves.toBeUndefined()
  } finally {
    await punctual.stop()
  }
})

const register = (baseUrl: string, n: number) =>
  new ApiClient(baseUrl).post('/auth/register', {
    email: `account-${n}@example.com`,
    password: 'a long password',
    name: 'Ada',
  })
