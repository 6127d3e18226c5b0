/**
 * One HTML page that needs nothing but itself: figures as SVG, tables, claims. Outside the trusted
 * part. Start with {@link plinius.evaluation.report.Report}.
 */
package plinius.evaluation.report;
