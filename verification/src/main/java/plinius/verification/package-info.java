/** Is the evidence real; do we accept it. Outside the trusted part. Owner's side. */
package plinius.verification;
