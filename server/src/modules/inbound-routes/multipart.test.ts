import { expect, it } from 'vitest'
import { multipartOf } from './multipart.ts'

it('a form is read by others as it was written, with any bytes and any names', async () => {
  const bytes = Buffer.from([0, 1, 2, 13, 10, 45, 45, 255])
  const { contentType, body } = multipartOf([
    { name: 'text', value: 'Grüße\r\n--not a boundary' },
    { name: 'email', value: bytes },
    { name: 'attachment1', filename: 'a "b"\r\n.txt', contentType: 'text/plain\r\nX: y', value: bytes },
  ])
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData()
  expect(form.get('text')).toBe('Grüße\r\n--not a boundary')
  const file = form.get('attachment1')
  if (!(file instanceof File)) throw new Error('it is a file')
  expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes)
  expect(file.name).toBe('a "b"\r\n.txt')
  expect(body.toString('latin1')).not.toContain('\r\nX: y')
})
