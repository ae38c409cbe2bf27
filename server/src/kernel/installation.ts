/**
 * The workspace of the installation itself: people's addresses are sealed with its keys, and the product's own mail is sent from it. It is
 * a workspace like any other to the keyring and to row-level security; nobody is a member of it and no key opens it.
 */
export const INSTALLATION_WORKSPACE = '00000000-0000-7000-8000-000000000001'
