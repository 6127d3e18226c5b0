/**
 * What a program wants of a pool beyond transactions on offsets: {@link plinius.store.PoolFile}
 * makes and opens it, {@link plinius.store.Store} runs transactions on objects whose layout is a
 * record, {@link plinius.store.GroupCommit} shares fences between many small writers, and {@link
 * plinius.store.PoolStructure} looks at it from outside. Not trusted. Start at Store.
 */
package plinius.store;
