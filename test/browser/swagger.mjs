import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Uses Swagger UI as an administrator does, in Chromium, against a running Punctual:
 *
 *     npm install --no-save playwright-core
 *     node test/browser/swagger.mjs http://127.0.0.1:3000 [folder for screenshots]
 *
 * Run by hand. CHROMIUM names the browser where it is not in the usual place.
 */
const baseUrl = process.argv[2] ?? 'http://127.0.0.1:3000'
const folder = process.argv[3] ?? (await mkdtemp(join(tmpdir(), 'punctual-swagger-')))
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path && existsSync(path),
)

const playwright = await import('playwright-core').catch(() => undefined)
if (!playwright) quit('playwright-core is absent: npm install --no-save playwright-core')
if (!executablePath) quit('Chromium is absent: install it, or say in CHROMIUM where it is')

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
]
const browser = await playwright.chromium.launch({ executablePath, args })
try {
  await useSwagger(await browser.newPage({ viewport: { width: 1280, height: 1000 } }))
  console.log(`Swagger UI works. Screenshots: ${folder}`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function useSwagger(page) {
  const complaints = complaintsOf(page)
  await page.goto(`${baseUrl}/docs`)
  await page.locator('.opblock').first().waitFor()
  assert((await page.title()) === 'Punctual', 'the title is Punctual')
  await shoot(page, '1-docs', true)

  await authorize(page, await accessToken())
  await page.reload()
  await page.locator('.opblock').first().waitFor()
  // The page itself says whether it still has the token: a closed padlock.
  await page.locator('.auth-wrapper .authorize.locked').waitFor()

  await postEmail(page)
  await listEmails(page)
  assert(complaints.length === 0, `the console says nothing, not ${complaints.join('; ')}`)
}

/** Errors of the console, of scripts and of requests for the page's own files. */
function complaintsOf(page) {
  const complaints = []
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()),
  )
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`))
  return complaints
}

/** Of a new account: the script leaves others' data alone. */
async function accessToken() {
  const account = { email: `swagger-${randomUUID()}@example.com`, password: randomUUID(), name: 'Swagger' }
  const response = await fetch(`${baseUrl}/api/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  })
  return (await response.json()).accessToken
}

async function authorize(page, token) {
  await page.locator('.auth-wrapper .authorize').click()
  const dialog = page.locator('.dialog-ux')
  await dialog.locator('input').fill(token)
  await shoot(page, '2-authorize')
  await dialog.locator('button.authorize').click()
  await dialog.getByText('Logout').waitFor()
  await dialog.locator('button.btn-done').click()
}

async function postEmail(page) {
  const answer = await execute(page, 'Emails_receive')
  await shoot(page, '3-answer')
  assert(answer.status === '201', `the answer is 201, not ${answer.status}`)
  assert(answer.body.includes('"duplicate": false'), 'the answer shows the email')
}

async function listEmails(page) {
  const answer = await execute(page, 'Emails_list')
  assert(answer.status === '200', `the list is 200, not ${answer.status}`)
  assert(answer.body.includes('"nextCursor": null'), 'the list shows the one email, unfiltered')
  assert(answer.body.includes('"subject"'), 'the list shows the one email, unfiltered')
  await shoot(page, '4-list')
}

/** What the page shows as the live answer of an operation carried out as it stands there. */
async function execute(page, operationId) {
  const block = page.locator(`.opblock[id$="-${operationId}"]`)
  await block.locator('.opblock-summary').click()
  const tryOut = block.locator('.try-out__btn:not(.cancel)')
  if ((await tryOut.count()) > 0) await tryOut.click()
  await block.locator('button.execute').click()
  const live = block.locator('.live-responses-table')
  await live.waitFor()
  await live.evaluate((table) => table.scrollIntoView({ block: 'center' }))
  return {
    status: (await live.locator('tbody td.response-col_status').first().innerText()).trim().split(/\s/)[0],
    body: await live.locator('tbody .response-col_description').first().innerText(),
  }
}

// Functions, not consts: what stands above runs before these lines.
function shoot(page, name, fullPage = false) {
  return page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}

function assert(holds, claim) {
  if (!holds) throw new Error(`Expected: ${claim}`)
}

function quit(reason) {
  console.error(reason)
  process.exit(1)
}
