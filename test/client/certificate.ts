/**
 * A key that protects nothing, and its certificate for localhost, signed by itself:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost \
 *       -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem
 */
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvzdOeC7O3rKEO4N1
JX9bcWw1PC3m9ysXIyWZOdBTsIehRANCAAT0ccSzyIf3yrks5tRDSnBcQuRYB8JE
w9J/3NahjzfAV4wO16idmrX98xgk0BD7SYhSPu/clD168eXwW+qiSI2x
-----END PRIVATE KEY-----
`;

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUGZHAz2TB0Ugn5JyVsjyxqII3XKgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTAxMDkyN1oYDzIxMjYxMTA1
MDEwOTI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT0ccSzyIf3yrks5tRDSnBcQuRYB8JEw9J/3NahjzfAV4wO16idmrX9
8xgk0BD7SYhSPu/clD168eXwW+qiSI2xo2kwZzAdBgNVHQ4EFgQU9rEiIpRPGlya
D3m59T3wz1gl6RswHwYDVR0jBBgwFoAU9rEiIpRPGlyaD3m59T3wz1gl6RswDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhAJ0TkbGBoQnniy7OT3vy+bhQrenSljQqTe+lAAh4k9VNAiEAj0NbsSrL
27cGOHgmyQq4zeaHWkl8oHuWu3qdpzoX18g=
-----END CERTIFICATE-----
`;
