/**
 * Darknet's .cfg files as the original reads them, turned into what the strict reader takes. Not
 * trusted: what comes out is read strictly by everybody. Start at {@link
 * plinius.exchange.cfg.LenientCfg}.
 */
package plinius.exchange.cfg;
