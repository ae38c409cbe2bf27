/** What of a text could be a network or an address; the server judges exactly. Answers why it cannot be one. */
export function problemOfCidr(text: string): string | undefined {
  const [address = '', bits, more] = text.split('/')
  if (more !== undefined) return `${text} has more than one slash.`
  const isIpv4 =
    /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && address.split('.').every((part) => Number(part) <= 255)
  const isIpv6 = address.includes(':') && /^[0-9a-f:.]+$/i.test(address)
  if (!isIpv4 && !isIpv6)
    return `${text} is not an address such as 203.0.113.7, or a network such as 203.0.113.0/24.`
  if (bits === undefined) return undefined
  const isSize = /^\d{1,3}$/.test(bits) && Number(bits) <= (isIpv4 ? 32 : 128)
  return isSize ? undefined : `${text}: after the slash stands a number up to ${isIpv4 ? 32 : 128}.`
}
