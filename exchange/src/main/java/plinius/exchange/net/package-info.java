/**
 * What a configuration makes, before anything is trained: layers, operations, parameters, memory,
 * kernels. Not trusted. Start at {@link plinius.exchange.net.NetTable}.
 */
package plinius.exchange.net;
