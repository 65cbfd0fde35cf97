/** X.509 certificates, with the polyfill that the library needs in place before it is loaded. */
import "reflect-metadata";

export * from "@peculiar/x509";
