/** What the local GitHub's App signs people in with; any other is refused. */

export const LOCAL_CLIENT_ID = "Iv23liLocalSandlot";
export const LOCAL_CLIENT_SECRET = "the local GitHub's client secret";
