import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { EMPTY_ROOT, leafHash, rootOfLeaves, verifyConsistency, verifyInclusion } from './merkle.ts'

type Line = readonly [string, number, number, string, string, readonly string[], boolean]
const vectors = JSON.parse(readFileSync(new URL('../test/vectors/merkle.json', import.meta.url), 'utf8')) as {
  readonly inclusion: readonly Line[]
  readonly consistency: readonly Line[]
}
const bytes = (text: string): Buffer => Buffer.from(text, 'base64')

/** The inputs and roots of certificate-transparency-go's and RFC 6962's reference implementation. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

describe('Merkle trees', () => {
  it('have the roots of RFC 6962', () => {
    const leaves = LEAVES.map((leaf) => leafHash(Buffer.from(leaf, 'hex')))
    expect(ROOTS.map((_, at) => rootOfLeaves(leaves.slice(0, at + 1)).toString('hex'))).toEqual(ROOTS)
    expect(EMPTY_ROOT.toString('hex')).toMatch(/^e3b0c44298fc1c14/)
  })

  it.each(vectors.inclusion)(
    'inclusion, %s: leaf %d of %d',
    (_desc, index, size, leaf, root, proof, holds) => {
      const claim = { index, size, leafHash: bytes(leaf), root: bytes(root), proof: proof.map(bytes) }
      expect(verifyInclusion(claim)).toBe(holds)
    },
  )

  it.each(vectors.consistency)(
    'consistency, %s: %d to %d',
    (_desc, oldSize, newSize, oldRoot, newRoot, proof, holds) => {
      const claim = {
        oldSize,
        newSize,
        oldRoot: bytes(oldRoot),
        newRoot: bytes(newRoot),
        proof: proof.map(bytes),
      }
      // One line compares roots that are no hashes; ours takes SHA-256 only.
      expect(verifyConsistency(claim)).toBe(holds && claim.oldRoot.length === 32)
    },
  )

  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const proofs = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 })
  test.prop([fc.double(), fc.double(), hash, hash, proofs])(
    'no invented proof verifies and none crashes',
    (a, b, leaf, root, proof) => {
      expect(verifyInclusion({ index: a, size: b, leafHash: leaf, root, proof })).toBe(false)
      if (a !== b)
        expect(verifyConsistency({ oldSize: a, newSize: b, oldRoot: leaf, newRoot: root, proof })).toBe(false)
    },
  )
  test.prop([fc.maxSafeNat(), fc.maxSafeNat(), hash, hash, fc.array(hash, { maxLength: 66 })])(
    'no invented proof of well-formed hashes verifies',
    (a, b, leaf, root, proof) => {
      const [low, high] = a < b ? [a, b] : [b, a + 1]
      expect(verifyInclusion({ index: low, size: high, leafHash: leaf, root, proof })).toBe(false)
      expect(
        verifyConsistency({ oldSize: low + 1, newSize: high + 1, oldRoot: leaf, newRoot: root, proof }),
      ).toBe(false)
    },
  )
})
