/** The verbs of the owner and of the operator. Owner's side. */
package plinius.cli;
