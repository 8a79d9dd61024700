"""The audit log: who did what to whom, in a table that is only added to."""

import accounts.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_avatar'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(editable=False, verbose_name='at')),
                ('act', models.CharField(choices=accounts.models.the_acts, db_index=True, max_length=40, verbose_name='what')),
                ('about', models.CharField(blank=True, max_length=190, verbose_name='about')),
                ('before', models.JSONField(default=dict, verbose_name='before')),
                ('after', models.JSONField(default=dict, verbose_name='after')),
                ('origin', models.CharField(blank=True, max_length=100, verbose_name='from')),
                ('actor', models.ForeignKey(help_text='Empty: a command, or the site itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='to whom')),
            ],
            options={
                'verbose_name': 'act',
                'verbose_name_plural': 'audit log',
            },
        ),
    ]
