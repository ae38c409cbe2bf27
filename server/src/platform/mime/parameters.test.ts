import { expect, it } from 'vitest'
import { parameterOf } from './parameters.ts'

it.each([
  ['attachment; filename=a.txt', 'a.txt'],
  ['attachment; filename="a \\"b\\".txt"', 'a "b".txt'],
  ["attachment; filename*=utf-8''%C3%BC.txt", 'ü.txt'],
  ["attachment; filename*1*=%BC.txt; filename*0*=UTF-8'de'%C3", 'ü.txt'],
  ['attachment; filename*0="a "; filename*1="b.txt"', 'a b.txt'],
  ['attachment; filename="=?utf-8?q?=C3=BC.txt?="', 'ü.txt'],
  ['attachment; filename="?.txt"; filename*=utf-8\'\'%C3%BC.txt', 'ü.txt'],
  ['attachment', undefined],
])('reads the name of a file in %s', (field, name) => {
  expect(parameterOf(field, 'filename')).toBe(name)
})
