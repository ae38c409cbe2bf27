import type { Sample } from '../../ui/samples.tsx'
import { shellQuoted, singleQuoted } from './api-samples.ts'

export interface SmtpFacts {
  readonly host: string
  /** STARTTLS. */
  readonly port: number
  /** TLS from the first byte. */
  readonly tlsPort: number
  readonly username: string
  readonly from: string
  readonly to: string
  /** The certificate is this installation's own: development. */
  readonly isSelfSigned: boolean
}

/** The name under which every sample looks for the password. */
export const PASSWORD_VARIABLE = 'BULKHEAD_SMTP_PASSWORD'

/** A first mail over SMTP, and what to write where programs are configured. The password comes from the environment where there is one. */
export function smtpSamples(facts: SmtpFacts): Sample[] {
  return [
    { name: 'smtp-curl', label: 'curl', code: curl(facts) },
    { name: 'node', label: 'Nodemailer', code: nodemailer(facts) },
    { name: 'python', label: 'smtplib', code: smtplib(facts) },
    { name: 'php', label: 'PHPMailer', code: phpmailer(facts) },
    { name: 'postfix', label: 'Postfix', code: postfix(facts) },
    { name: 'wordpress', label: 'WordPress', code: wordpress(facts) },
    { name: 'swaks', label: 'swaks', code: swaks(facts) },
  ]
}

function curl(facts: SmtpFacts): string {
  const { host, tlsPort, username, from, to, isSelfSigned } = facts
  return `printf '%b' \\
${[`From: ${from}`, `To: ${to}`, 'Subject: Hello', '', 'My first mail.'].map(mailLine).join(' \\\n')} |
  curl smtps://${host}:${tlsPort}${isSelfSigned ? ' --insecure' : ''} \\
    --user "${username}:$${PASSWORD_VARIABLE}" \\
    --mail-from ${shellQuoted(from)} --mail-rcpt ${shellQuoted(to)} \\
    --upload-file -`
}

/** A line of a mail for the %b of printf. */
function mailLine(text: string): string {
  return `  ${shellQuoted(`${text}\\r\\n`)}`
}

function nodemailer(facts: SmtpFacts): string {
  const { host, tlsPort, username, from, to, isSelfSigned } = facts
  return `import nodemailer from 'nodemailer'

const transport = nodemailer.createTransport({
  host: '${host}',
  port: ${tlsPort},
  secure: true,${isSelfSigned ? '\n  // The certificate of development is self-signed.\n  tls: { rejectUnauthorized: false },' : ''}
  auth: { user: '${username}', pass: process.env.${PASSWORD_VARIABLE} },
})
await transport.sendMail({
  from: ${singleQuoted(from)},
  to: ${singleQuoted(to)},
  subject: 'Hello',
  text: 'My first mail.',
})`
}

function smtplib(facts: SmtpFacts): string {
  const { host, tlsPort, username, from, to, isSelfSigned } = facts
  return `import os, smtplib, ssl
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = ${JSON.stringify(from)}
mail["To"] = ${JSON.stringify(to)}
mail["Subject"] = "Hello"
mail.set_content("My first mail.")

tls = ssl.create_default_context()
${isSelfSigned ? '# The certificate of development is self-signed.\ntls.check_hostname = False\ntls.verify_mode = ssl.CERT_NONE\n' : ''}with smtplib.SMTP_SSL("${host}", ${tlsPort}, context=tls) as server:
    server.login("${username}", os.environ["${PASSWORD_VARIABLE}"])
    server.send_message(mail)
print("accepted")`
}

function phpmailer(facts: SmtpFacts): string {
  const { host, tlsPort, username, from, to, isSelfSigned } = facts
  return `<?php
use PHPMailer\\PHPMailer\\PHPMailer;

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = '${host}';
$mail->Port = ${tlsPort};
$mail->SMTPSecure = PHPMailer::ENCRYPTION_SMTPS;
$mail->SMTPAuth = true;
$mail->Username = '${username}';
$mail->Password = getenv('${PASSWORD_VARIABLE}');${
    isSelfSigned
      ? "\n// The certificate of development is self-signed.\n$mail->SMTPOptions = ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false, 'allow_self_signed' => true]];"
      : ''
  }
$mail->setFrom(${singleQuoted(from)});
$mail->addAddress(${singleQuoted(to)});
$mail->Subject = 'Hello';
$mail->Body = 'My first mail.';
$mail->send();`
}

function postfix({ host, port, username, isSelfSigned }: SmtpFacts): string {
  return `# /etc/postfix/main.cf
relayhost = [${host}]:${port}
smtp_tls_security_level = ${isSelfSigned ? 'encrypt' : 'secure'}
smtp_sasl_auth_enable = yes
smtp_sasl_security_options = noanonymous
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd

# /etc/postfix/sasl_passwd, mode 600; then: postmap /etc/postfix/sasl_passwd && systemctl reload postfix
[${host}]:${port} ${username}:PASSWORD`
}

function wordpress(facts: SmtpFacts): string {
  const { host, tlsPort, username, from } = facts
  return `<?php
// wp-config.php
define('BULKHEAD_SMTP_PASSWORD', getenv('${PASSWORD_VARIABLE}'));

// wp-content/mu-plugins/bulkhead.php
add_action('phpmailer_init', function ($mail) {
    $mail->isSMTP();
    $mail->Host = '${host}';
    $mail->Port = ${tlsPort};
    $mail->SMTPSecure = 'ssl';
    $mail->SMTPAuth = true;
    $mail->Username = '${username}';
    $mail->Password = BULKHEAD_SMTP_PASSWORD;
    $mail->setFrom(${singleQuoted(from)});
});`
}

function swaks({ host, port, username, from, to }: SmtpFacts): string {
  return `swaks --server ${host} --port ${port} --tls \\
  --auth-user ${shellQuoted(username)} --auth-password "$${PASSWORD_VARIABLE}" \\
  --from ${shellQuoted(from)} --to ${shellQuoted(to)} \\
  --header 'Subject: Hello' --body 'My first mail.'`
}
