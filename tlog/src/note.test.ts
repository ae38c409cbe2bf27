import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, parseCheckpointText, formatCheckpoint } from './checkpoint.ts'
import { TlogFault } from './fault.ts'
import { leafHash } from './merkle.ts'
import { cosignText, joinNote, parseNote, signNoteText, verifyNote } from './note.ts'
import {
  formatSignerKey,
  noteSigner,
  parseSignerKey,
  parseVerifierKey,
  SIGNATURE_TYPES,
} from './note-keys.ts'

/** C2SP signed-note.md, "Example". */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const EXAMPLE_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'

/** golang.org/x/mod/sumdb/note, note_test.go: TestSign and TestOpen. */
const PETER_SECRET = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const PETER_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const ENOCH_KEY = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const PETER =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
const ENOCH =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ='

/** The log that ct-uptime-alerts.fly.dev/witness shows to witnesses: its key and its checkpoint. */
const GEOMYS_KEY = 'geomys.org/witness/test-log+c0787ff4+AeMb5VOzy60PTGdGmLPxOKGAa0jNyDGsgv2rnprGju1t'
const GEOMYS_CHECKPOINT =
  'geomys.org/witness/test-log\n1\nBCml5C32yqMcl0gjTrcSOeNVx59oPnSdytBzDGBO5k0=\n\n— geomys.org/witness/test-log wHh/9BPsoBNr2x0Ol3qPBYasIN0HI2ZiBg5ac0v3LQq/7F+YO7U4oWbDeJn1VaWVrlbSEM30Gr7WWYQjj2SBxRoJ/Ao=\n'

/** A checkpoint of Google's certificate log as the witness of Geomys cosigned it (florolf/tlog-scales, tests). */
const NAVIGLI_KEY =
  'witness.navigli.sunlight.geomys.org+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G'
const NAVIGLI_CHECKPOINT =
  'coachandhorses2026h1.staging.certificate.transparency.goog\n185550722\nYXAM0VmnrfvLaBCOOYSJhCaE5F10oGBOo+hkbDa1kng=\n\n— witness.navigli.sunlight.geomys.org o+AP4gAAAABqb7DzNrGFRJnQ9vrJ8xpnwZytnr/ZYczDIsvwvouiSjwOjn7a72ccxBk+lKnZ7dKqkYKER1s/KxLTaVwQD7lJZTC/CQ==\n'

describe('signed notes', () => {
  it('verify as the example of the specification', () => {
    const verified = verifyNote(parseNote(EXAMPLE_NOTE), [parseVerifierKey(EXAMPLE_KEY)])
    expect(verified.map((item) => item.key.keyId)).toEqual(['530d903a'])
    expect(parseNote(Buffer.from(EXAMPLE_NOTE)).text).toBe('This is an example message.\n')
  })

  it('are signed byte for byte as the reference implementation signs them', () => {
    expect(signNoteText(TEXT, parseSignerKey(PETER_SECRET))).toBe(PETER)
    const signer = noteSigner('PeterNeumann', SIGNATURE_TYPES.note, Buffer.alloc(32, 7))
    const secret = formatSignerKey('PeterNeumann', SIGNATURE_TYPES.note, Buffer.alloc(32, 7))
    expect(parseSignerKey(secret).key.text).toBe(signer.key.text)
    expect(parseSignerKey(PETER_SECRET).key.text).toBe(PETER_KEY)
  })

  it('verify per known key; signatures of others are ignored and duplicates count once', () => {
    const note = parseNote(joinNote(TEXT, [PETER, PETER, ENOCH]))
    const [peter, enoch] = [parseVerifierKey(PETER_KEY), parseVerifierKey(ENOCH_KEY)]
    expect(verifyNote(note, [peter]).length).toBe(1)
    expect(verifyNote(note, [peter, enoch]).length).toBe(2)
    expect(verifyNote(note, [])).toEqual([])
  })

  it('are invalid where a known key has signed wrongly', () => {
    const broken = `${PETER.slice(0, 60)}ABCD${PETER.slice(60)}`
    const peter = parseVerifierKey(PETER_KEY)
    expect(() => verifyNote(parseNote(joinNote(TEXT, [broken])), [peter])).toThrow(TlogFault)
    expect(() => verifyNote(parseNote(joinNote(`${TEXT}more\n`, [PETER])), [peter])).toThrow(TlogFault)
  })

  // The malformed notes of note_test.go, and what the specification forbids beside.
  it.each([
    ['no signatures', TEXT],
    ['a blank line and nothing', `${TEXT}\n`],
    ['no last newline', `${TEXT}\n${PETER}`],
    ['a control character', `\u0001${TEXT}\n${PETER}\n`],
    ['a carriage return', `${TEXT}\r\n\n${PETER}\n`],
    ['a space in the name', `${TEXT}\n— Bad Name ${PETER.slice(15)}\n`],
    ['a plus in the name', `${TEXT}\n— a+b ${PETER.slice(15)}\n`],
    ['a line that is no signature', `${TEXT}\n${PETER}\nUnexpected line.\n`],
    ['too many signatures', `${TEXT}\n${`${PETER}\n`.repeat(101)}`],
    ['a lone surrogate', `\ud800${TEXT}\n${PETER}\n`],
    ['base64 with slack', `${TEXT}\n${PETER.slice(0, -2)}N=\n`],
  ])('are refused with %s', (_what, text) => {
    expect(() => parseNote(text)).toThrow(TlogFault)
  })
  it('are refused where they are not UTF-8', () => {
    expect(() => parseNote(Buffer.concat([Buffer.of(0xff), Buffer.from(EXAMPLE_NOTE)]))).toThrow(TlogFault)
  })

  it.each([
    '',
    'a+b',
    'x+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    EXAMPLE_KEY.slice(0, -4),
    `${PETER_KEY}A`,
  ])('a key that is none is refused: %s', (text) => {
    expect(() => parseVerifierKey(text)).toThrow(TlogFault)
  })

  test.prop([fc.string({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 })])(
    'nothing crashes the parsers',
    (text, raw) => {
      for (const attempt of [
        () => parseNote(text),
        () => parseNote(raw),
        () => parseNote(`a\n1\n${text}\n\n— x ${text}\n`),
        () => parseVerifierKey(text),
        () => parseSignerKey(text),
        () => parseCheckpointText(text),
      ]) {
        try {
          attempt()
        } catch (error) {
          expect(error).toBeInstanceOf(TlogFault)
        }
      }
    },
  )

  test.prop([fc.nat(), fc.integer({ min: 1, max: 255 })])(
    'no altered byte of a note verifies',
    (at, flip) => {
      const bytes = Buffer.from(EXAMPLE_NOTE)
      const place = at % bytes.length
      bytes[place] = (bytes[place] ?? 0) ^ flip
      let verified = 0
      try {
        verified = verifyNote(parseNote(bytes), [parseVerifierKey(EXAMPLE_KEY)]).length
      } catch (error) {
        expect(error).toBeInstanceOf(TlogFault)
      }
      expect(verified).toBe(0)
    },
  )
})

describe('checkpoints', () => {
  it('of a public log verify', () => {
    const checkpoint = openCheckpoint(GEOMYS_CHECKPOINT, { logKeys: [parseVerifierKey(GEOMYS_KEY)] })
    expect([checkpoint.origin, checkpoint.size]).toEqual(['geomys.org/witness/test-log', 1])
  })

  it('are read and written as golang.org/x/mod/sumdb/tlog and the specification do', () => {
    const text = 'go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n'
    expect(
      formatCheckpoint({
        origin: 'go.sum database tree',
        size: 123456789012,
        root: leafHash(Buffer.from('hello world')),
      }),
    ).toBe(text)
    const sofa = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    expect(formatCheckpoint(parseCheckpointText(sofa))).toBe(sofa)
  })

  it.each([
    ['too few lines', 'Head\n9944\n'],
    ['an empty origin', '\n9944\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['no last newline', 'Log\n123\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='],
    ['a size in hexadecimal', 'Log\n0xabcdef\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['a size with a leading zero', 'Log\n0123\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['a size beyond 2^53', 'Log\n9007199254740993\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['a root that is no hash', 'Log\n123\nYmFuYW5hcw==\n'],
  ])('are refused with %s', (_what, text) => {
    expect(() => parseCheckpointText(text)).toThrow(TlogFault)
  })

  it('carry cosignatures whose time is signed too', () => {
    const text = 'example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    const log = noteSigner('example.com/log', SIGNATURE_TYPES.note, Buffer.alloc(32, 1))
    const witness = noteSigner('witness.example/w1', SIGNATURE_TYPES.cosignature, Buffer.alloc(32, 2))
    const lines = [signNoteText(text, log), cosignText(text, witness, 1679315147)]
    const trust = { logKeys: [log.key], witnessKeys: [witness.key] }
    const opened = openCheckpoint(joinNote(text, lines), trust)
    expect(opened.cosignatures.map((item) => item.timestamp)).toEqual([1679315147])
    const [head = '', encoded = ''] = [lines[1]?.slice(0, 21), lines[1]?.slice(21)]
    const raw = Buffer.from(encoded, 'base64')
    raw.writeBigUInt64BE(1679315148n, 4)
    expect(() =>
      openCheckpoint(joinNote(text, [lines[0] ?? '', head + raw.toString('base64')]), trust),
    ).toThrow(TlogFault)
    expect(() => signNoteText(text, witness)).toThrow(TlogFault)
    expect(() => cosignText(text, log, 1)).toThrow(TlogFault)
  })

  it('cosigned by a public witness verify', () => {
    const [cosignature] = verifyNote(parseNote(NAVIGLI_CHECKPOINT), [parseVerifierKey(NAVIGLI_KEY)])
    expect(cosignature?.timestamp).toBe(0x6a6fb0f3)
  })

  it('of another log or without a signature of the log are refused', () => {
    const key = parseVerifierKey(GEOMYS_KEY)
    expect(() => openCheckpoint(GEOMYS_CHECKPOINT, { logKeys: [key], origin: 'example.com/log' })).toThrow(
      TlogFault,
    )
    expect(() => openCheckpoint(GEOMYS_CHECKPOINT, { logKeys: [parseVerifierKey(PETER_KEY)] })).toThrow(
      TlogFault,
    )
  })
})
