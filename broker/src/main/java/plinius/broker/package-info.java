/** Releases keys to accepted enclaves; its log; its HTTPS. Owner's side. */
package plinius.broker;
