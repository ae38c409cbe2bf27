/** The input is not what the format allows. The only error that a parser of this package throws, whatever it is fed. */
export class TlogFault extends Error {
  override readonly name = 'TlogFault'
}
