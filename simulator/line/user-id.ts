// How LINE writes the id of a user.

export const isUserId = (text: string): boolean => /^U[0-9a-f]{32}$/.test(text);
